package main

// A subject has posts and comments that fit them, in both languages. All texts were written for
// this demo.
type subject struct{ korean, english texts }

type texts struct{ posts, comments []string }

var subjects = []subject{
	{ // coffee
		texts{[]string{
			"오늘 아침 커피가 유난히 맛있다. 원두를 바꾼 건지 내 기분이 바뀐 건지 모르겠네 ☕",
			"집 앞에 카페가 새로 생겼는데 사장님이 손님보다 더 설레 보이신다. 나도 덩달아 설렌다.",
			"카페인을 끊겠다고 선언한 지 네 시간째. 선언을 취소합니다.",
			"핸드드립을 배우기 시작했어요. 지금까지 배운 것: 기다리기.",
		}, []string{
			"무슨 원두예요? 저도 알려 주세요!",
			"커피는 기분으로 마시는 거죠 ㅎㅎ",
			"다음에 같이 가요. 제가 살게요.",
			"저는 오후 두 시 이후로는 디카페인만 마셔요 ㅠㅠ",
			"사진은 왜 없나요, 사진은!", "읽다가 커피 내리러 갑니다.",
		}},
		texts{[]string{
			"Bought a fancy grinder. The coffee tastes the same, but I feel much more important.",
			"The café downstairs now knows my order. I have to move or marry the barista.",
			"Day one without coffee. My colleagues have asked me to reconsider.",
		}, []string{
			"Which beans, though?", "This is the most relatable thing I have read all week.",
			"Decaf is just brown water with dreams.",
			"Save me a cup!", "The third one of the day does not count.",
		}},
	},
	{ // running and cycling
		texts{[]string{
			"새벽 다섯 시 반, 강변에 나 혼자인 줄 알았는데 오리 가족이 먼저 나와 있었다.",
			"드디어 10km를 안 쉬고 뛰었습니다! 마지막 1km는 기억이 안 나요.",
			"자전거 바퀴에 바람만 넣었을 뿐인데 새 자전거가 됐다.",
			"비 맞으면서 달리기, 생각보다 상쾌하다. 빨래는 생각보다 많다.",
		}, []string{
			"대단해요! 저는 3km에서 늘 택시를 부르고 싶어져요.",
			"오리 가족 사진 부탁드립니다 🦆", "내일 새벽에 저도 끼워 주세요.",
			"무릎 조심하세요, 스트레칭 꼭!", "기록 좀 공유해 주세요.",
			"저도 올해는 꼭 10km 도전합니다.",
		}},
		texts{[]string{
			"Ran past my old school this morning. It has got smaller, or I have got slower.",
			"Replaced a chain for the first time. Only three parts left over.",
			"Signed up for a half marathon with a friend who then discovered a sore knee. Suspicious.",
			"Headwind on the way there, headwind on the way back. Physics owes me an apology.",
		}, []string{
			"Proud of you!", "My knee hurts just from reading this.",
			"Three parts left over means it is lighter now. Well done.",
			"Count me in next time, at the slow end.", "The wind always knows.",
		}},
	},
	{ // cooking and bread
		texts{[]string{
			"김치찌개는 역시 이틀째가 진짜다. 반박은 밥 한 공기 드시고 해 주세요.",
			"처음으로 식빵을 구웠는데 벽돌이 나왔습니다. 집을 지어 볼까 해요.",
			"엄마한테 레시피를 물어보면 돌아오는 답: 적당히. 그 적당히가 어렵다고요!",
			"오늘 저녁은 냉장고 털기 볶음밥. 이름은 '내일 장 보자' 볶음밥으로 정했다.",
		}, []string{
			"이틀째 찌개는 인정이죠.",
			"벽돌 식빵 ㅋㅋㅋ 저도 그 단계 거쳤어요.",
			"적당히는 손이 기억한대요.", "한 그릇 남겨 주세요!",
			"물 조금만 더 넣어 보세요. 적당히요.",
			"배고플 때 보면 안 되는 글이네요.",
		}},
		texts{[]string{
			"My sourdough starter survived the holidays. The plants did not.",
			"Followed the recipe exactly, except for the parts where I did not. It is soup now.",
			"Made dumplings with my grandmother. Hers look like moons, mine like weather.",
		}, []string{
			"Recipe, please!", "Soup is a respectable outcome.",
			"Herbert sends his regards to your starter.",
			"I would eat the weather ones.", "Bring some to the office, for science.",
		}},
	},
	{ // books and films
		texts{[]string{
			"책을 한 권 읽으면 두 권을 사게 되는 병에 걸렸습니다. 치료법은 책장이라네요.",
			"어제 본 영화가 계속 생각난다. 결말을 이해했는데 이해한 게 맞는지 모르겠다.",
			"동네 도서관 창가 자리, 오후 세 시의 햇빛. 올해 발견한 최고의 장소.",
			"시집을 선물 받았다. 하루에 한 편씩만 읽기로 했는데 오늘 벌써 일곱 편째.",
		}, []string{
			"책장은 치료가 아니라 악화의 원인입니다.",
			"스포일러 없이 결말 좀 설명해 주세요.",
			"그 자리 제 자리인데요 ㅎㅎ",
			"저도 그 시집 있어요. 뒤로 갈수록 더 좋아요.",
			"다음 모임 책으로 추천합니다!", "제목이 뭐예요?",
		}},
		texts{[]string{
			"Finished the book on the train, missed my stop, no regrets.",
			"Watched a three hour film about a lighthouse. I now have opinions about lighthouses.",
			"Our book club met for the fifth time. We have read one book and eaten nine cakes.",
			"Lent my favourite novel to a friend in spring. It is autumn. We do not speak of it.",
		}, []string{
			"What was it called?", "The cakes are the point.", "I cried at the end. Of the lighthouse.",
			"You will never see that book again.",
			"Adding it to the pile that adds nothing but guilt.",
		}},
	},
	{ // cats, dogs and plants
		texts{[]string{
			"고양이가 새 숨숨집 대신 그 택배 상자를 골랐다. 다음엔 상자만 주문해야지.",
			"산책길에 만난 강아지가 나를 보고 웃었다. 오늘 할 일은 다 했다.",
			"죽은 줄 알았던 화분에서 새잎이 났어요 🌱 포기하지 않길 잘했다.",
			"둘째 고양이가 키보드 위에서 잠들어서 오늘 보고서는 ㅣㅣㅣㅣㅣㅣㅣ 입니다.",
		}, []string{
			"상자는 진리죠.", "너무 귀여워요 ㅠㅠ 이름이 뭐예요?",
			"새잎 축하해요! 물은 며칠에 한 번 주세요?",
			"보고서 내용이 아주 훌륭하네요.", "우리 집 애도 똑같아요 ㅋㅋ",
			"사진 더 올려 주세요!",
		}},
		texts{[]string{
			"The cat has learned to open the fridge. We have learned to say please.",
			"Walked a friend's dog for an hour. He walked me, to be precise.",
			"My tomato plant made one tomato. It shall be shared among nine people.",
			"A robin has moved into the shed. I am told the shed is his now.",
		}, []string{
			"I need a picture of this, urgently.", "Who is a good boy? You, for walking him.",
			"One tomato is one more than mine.",
			"Cats do not learn, they permit.", "Send my congratulations to the robin.",
		}},
	},
	{ // travel
		texts{[]string{
			"강릉 바다 보러 당일치기 다녀왔습니다. 파도 소리가 아직 귀에 남아 있어요 🌊",
			"여행 가방은 작게, 돌아올 때는 크게. 이번에도 실패했다.",
			"기차 창가 자리 예매 성공! 풍경 보다가 잘 예정입니다.",
			"지도 앱 없이 하루를 걸어 봤다. 길을 세 번 잃고 맛집을 두 곳 찾았다.",
		}, []string{
			"강릉 가면 순두부는 꼭 드셔야죠.", "길을 잃어야 여행이죠 ㅎㅎ",
			"부럽다… 저는 회사 창가 자리입니다.", "맛집 두 곳 공유 좀요!",
			"다음엔 저도 데려가 주세요.", "사진만 봐도 시원하네요.",
		}},
		texts{[]string{
			"Missed the last ferry, found the best fish soup. Would miss again.",
			"Packed for all seasons. Wore the same jumper for a week.",
			"A night train, a paper map and a flask of tea. That is the whole plan.",
		}, []string{
			"Where was this? Asking for my appetite.", "There is always one jumper.",
			"Take me with you next time!", "Night trains are the best hotels.",
			"Paper maps never run out of battery.",
		}},
	},
	{ // work and code
		texts{[]string{
			"금요일 저녁에 배포하지 말자고 금요일 오후에 정했는데, 지금은 금요일 밤입니다.",
			"세 시간 동안 찾은 버그가 오타 한 글자였다. 그래도 찾았으니 이긴 거다.",
			"재택 3일 차. 고양이가 제 상사가 됐습니다.",
			"발표가 끝났다! 목소리는 떨렸지만 슬라이드는 안 떨렸다.",
		}, []string{
			"금요일 밤 배포… 힘내세요.", "한 글자 오타가 제일 무섭죠.",
			"고생 많으셨어요! 오늘은 푹 쉬세요.", "테스트는 돌려 보셨죠…?",
			"발표 정말 좋았어요. 진심입니다.",
			"저도 어제 똑같은 일이 있었어요.",
		}},
		texts{[]string{
			"Fixed the bug. It was me. I was the bug.",
			"My code review came back with one comment: 'nice'. I have framed it.",
			"Wrote the documentation before the code, as an experiment. The code was shorter.",
			"The build is green and nobody knows why. We are leaving it alone.",
		}, []string{
			"We have all been the bug.", "Nice.", "Do not touch it. Do not even look at it.",
			"Teach me this dark art of documentation.",
			"Did you try it on a Friday, though?",
		}},
	},
	{ // music and weather
		texts{[]string{
			"첫눈이다! 다들 지금 창밖 보세요 ❄️",
			"F 코드를 드디어 눌렀습니다. 손가락은 잃었지만 소리는 얻었어요.",
			"비 오는 날엔 파전, 그리고 오래된 노래 한 곡.",
			"합창 연습에서 나만 반 박자 빨랐다. 열정이라고 해 두자.",
		}, []string{
			"여긴 아직 안 와요! 보내 주세요.", "F 코드 축하드려요 🎸",
			"파전에 막걸리도 추가요.", "반 박자 빠른 건 리더의 자질입니다.",
			"무슨 노래인지 궁금해요.", "창밖 보러 갑니다!",
		}},
		texts{[]string{
			"It rained on my umbrella's day off.",
			"Learned a new song on the drums. The neighbours have learned it too.",
			"First frost on the window this morning, and somebody had already drawn a face in it.",
			"Sang the wrong verse with great confidence. Half of the choir followed me.",
		}, []string{
			"That is leadership.", "Is there a recording?", "It is going to rain again, by the way.",
			"My neighbours send sympathy to your neighbours.",
			"I can hear this post.",
		}},
	},
}

// generalComments fit any post.
var generalComments = phrases{
	[]string{
		"좋은 글이에요 👍", "ㅋㅋㅋㅋㅋ 오늘 제일 웃었어요.", "완전 공감합니다.",
		"오늘도 좋은 하루 보내세요!", "저만 그런 게 아니었네요.",
		"기다리던 소식이에요.",
		"다음 이야기도 기대할게요.", "이건 저장해 둬야겠어요.",
		"덕분에 기분이 좋아졌어요.", "오랜만이에요! 잘 지내죠?",
	}, []string{
		"Ha! Made my day.", "So true.", "Thank you for sharing this.", "More of this, please.",
		"I have read this three times now.", "Same here!",
		"You always find the right words.", "Greetings from the other side of town.",
		"This deserves more attention.", "How have you been?",
	},
}

// phrases are texts by language.
type phrases struct{ korean, english []string }

// edits are texts that an edit appends.
var edits = phrases{
	[]string{
		" (오타 수정했어요)",
		" 추가: 다들 답글 고마워요!",
		" +내일 후기 올릴게요.",
		" (사진은 나중에!)",
	},
	[]string{" (Edit: typo.)", " Edit: thank you all!", " PS: more tomorrow.", " (Edit: it was Tuesday.)"},
}
