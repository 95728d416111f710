package main

// A user is a fictional user to sign up.
type user struct {
	id, name        string
	nickname, intro string // empty: none
	korean          bool
}

var users = []user{
	{"minjun.kim", "김민준", "민준이", "커피와 자전거를 좋아합니다. 주말엔 한강에 있어요.", true},
	{"seoyeon.lee", "이서연", "", "동네 책방 단골. 읽는 것보다 사는 책이 더 많습니다.", true},
	{"doyun.park", "박도윤", "도윤", "백엔드 개발자. 로그 읽는 게 취미.", true},
	{"jiwoo.choi", "최지우", "지우개", "그림 그리고 지우고 다시 그리는 사람", true},
	{"haeun.jung", "정하은", "", "빵 굽는 냄새로 하루를 시작해요", true},
	{"yejun.kang", "강예준", "예준쓰", "기타 3년 차, 아직도 F 코드가 어렵다", true},
	{"soah.yoon", "윤소아", "", "고양이 두 마리의 집사", true},
	{"siwoo.jang", "장시우", "시우", "", true},
	{"jia.lim", "임지아", "", "여행 계획 짜는 사람. 가는 사람은 따로 있음.", true},
	{"hajun.han", "한하준", "하준파파", "아이 둘 아빠, 잠은 나중에 잡니다", true},
	{"narae.oh", "오나래", "나래나래", "식물 죽이기 끝에 드디어 하나 살렸어요", true},
	{"taeyang.seo", "서태양", "", "새벽 달리기 모임 총무", true},
	{"bom.shin", "신봄", "봄봄", "이름처럼 봄에 태어났습니다", true},
	{"gaon.kwon", "권가온", "", "", true},
	{"hyunwoo.hwang", "황현우", "우현아님", "현우입니다. 우현 아니에요.", true},
	{"sebin.ahn", "안세빈", "", "영화는 극장에서, 팝콘은 캐러멜", true},
	{"ijun.song", "송이준", "송송", "캠핑 장비가 텐트보다 많아요", true},
	{"ara.namgung", "남궁아라", "", "성이 두 글자라 택배 기사님이 늘 물어보세요", true},
	{"ann.fletcher", "Ann Fletcher", "", "Gardener by accident. Ask me about slugs.", false},
	{"ben.okafor", "Ben Okafor", "bennyo", "I fix bicycles and break software.", false},
	{"clara.weiss", "Clara Weiss", "", "Choir on Tuesdays, silence on Wednesdays.", false},
	{"dev.patel", "Dev Patel", "dev not developer", "Dev is my name. Yes, I am also a developer.", false},
	{"elsie.moreau", "Elsie Moreau", "", "", false},
	{"finn.larsen", "Finn Larsen", "finnish (I am not)", "Cold water swimmer. It is not that cold. It is.", false},
	{"grace.adeyemi", "Grace Adeyemi", "", "Teaches maths, dreams in fractions.", false},
	{"hugo.silva", "Hugo Silva", "hugs", "Will walk any dog.", false},
	{"iris.tan", "Iris Tan", "", "Noodles, maps and night trains.", false},
	{"jack.byrne", "Jack Byrne", "", "Reads the last page first.", false},
	{"kira.novak", "Kira Novak", "kira", "Film cameras, because waiting is half of it.", false},
	{"leo.martins", "Leo Martins", "", "", false},
	{"maya.cohen", "Maya Cohen", "mayaaa", "Bread baker in training. The starter is called Herbert.", false},
	{"nils.berg", "Nils Berg", "", "Weather watcher. It is going to rain.", false},
	{"olive.grant", "Olive Grant", "", "Crosswords in ink.", false},
	{"pablo.reyes", "Pablo Reyes", "pabs", "Drummer. Sorry, neighbours.", false},
	{"quinn.harper", "Quinn Harper", "", "Half marathon, twice, so that makes one.", false},
	{"rosa.lind", "Rosa Lind", "rosie", "Two cats, one chair, constant negotiation.", false},
}
